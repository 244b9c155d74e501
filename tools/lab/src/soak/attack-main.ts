import { answerParent } from '../child-program.ts';
import { Attack } from './attack.ts';
import type { AttackPlan } from './attack.ts';

answerParent(({ plan }: { readonly plan: AttackPlan }) => Attack.carryOut(plan));
