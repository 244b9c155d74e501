/** A mark of a flow: a payload over the safe size was seen. */
export const FLOW_OVERSIZE = 1;
/** A mark of a flow: its client has sent to its server. Otherwise the server has sent first, and comes second in everything. */
export const FLOW_ASKED = 2;
