import { addressKind } from '@lightspeed/wire';

/**
 * Whether something can be sent to an address as that of one machine.
 * @returns undefined if so; otherwise what is allowed, to complete "allowed: ..."
 */
export function allowedInPlaceOf(address: string): string | undefined {
  switch (addressKind(address)) {
    case 'unspecified':
      return 'the address of one machine, as this one stands for every address; this machine is 127.0.0.1 or ::1';
    case 'multicast':
      return 'the address of one machine, not a multicast one';
    case 'reserved':
      return 'an address that is not in 240.0.0.0/4, which is nobody’s';
    default:
      return undefined;
  }
}
