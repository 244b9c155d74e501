/** How limits count an address: an IPv4 address is (0, its bits), an IPv6 address its /64. Signed. */
export interface AddressPrefix {
  readonly prefixHigh: number;
  readonly prefixLow: number;
}
