import { answerParent } from '../child-program.ts';
import { Generator } from './generator.ts';

/** The process of the load generator: it has a core of its own, which it keeps busy while a window runs. */
const generator = new Generator();
answerParent((question: Parameters<Generator['answer']>[0]) => generator.answer(question));
