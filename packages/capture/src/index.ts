export { CaptureError, HelperClient } from './client/helper-client.ts';
export type { CaptureListener, HelperEvents } from './client/helper-client.ts';
export { DEFAULT_HELPER_SOCKET } from './protocol.ts';
export type { CaptureCounts, CaptureRefusal, CaptureTarget, CapturedFlow, FlowAddress } from './protocol.ts';
export { TRIAL_SERVER } from './rules/table.ts';
export { addGatewayEntry } from './setup/gateway-entries.ts';
export { install, usualPlaces } from './setup/install.ts';
export type { Places } from './setup/places.ts';
export { remove } from './setup/remove.ts';
