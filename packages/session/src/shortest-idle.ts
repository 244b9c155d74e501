/**
 * A flow that is silent for so long may give way to another one, at both ends; before that it counts as in use. Many home routers
 * forget a program that is silent for longer, so programs that want answers send more often.
 */
export const SHORTEST_IDLE_MS = 30_000;
