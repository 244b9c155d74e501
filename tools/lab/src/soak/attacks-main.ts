import { setPriority } from 'node:os';
import { answerParent } from '../child-program.ts';
import { attack } from './attack.ts';
import { sendGarbage } from './garbage-kinds.ts';

const attacks = { attack, sendGarbage };

/** What a hostile process can do to a node. */
export type Attacks = typeof attacks;

/** Attackers have machines of their own: what this one costs must not be taken from the node. */
const LOW_PRIORITY = 10;

setPriority(LOW_PRIORITY);
answerParent(attacks);
