import { answerParent } from '../../src/child-program.ts';
import { player } from './player.ts';

/** What the player's program does. */
export type PlayerProgram = typeof player;

answerParent(player);
