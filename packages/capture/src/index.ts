export { CaptureError, HelperClient } from './client/helper-client.ts';
export type { CaptureListener, HelperEvents } from './client/helper-client.ts';
export { DEFAULT_HELPER_SOCKET } from './protocol.ts';
export type { CaptureCounts, CaptureRefusal, CaptureTarget, CapturedFlow, FlowAddress } from './protocol.ts';
export { TRIAL_SERVER } from './rules/table.ts';
