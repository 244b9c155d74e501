/** The packet was delivered already, as received or as recovered: drop it. */
export const DATA_DUPLICATE = 0;
/** The packet is to be delivered. */
export const DATA_NEW = 1;
/** The packet is to be delivered, and with it the recovered one. */
export const DATA_NEW_AND_RECOVERED = 2;
/** The packet was recovered a moment ago, and was only late: drop it, but it counts as one that came. */
export const DATA_LATE = 3;

/** Nothing is to be delivered. */
export const PARITY_NONE = 0;
/** The recovered packet is to be delivered. */
export const PARITY_RECOVERED = 1;
