import { readFileSync, writeFileSync } from 'node:fs';
import { falseChoicesTable } from './support/false-choices.ts';
import { CHOOSING_PAGE, withTable } from './support/page.ts';

/*
 * Plays the rule on simulated lines, and writes the table of docs/choosing.md. It takes some seconds.
 */

const table = falseChoicesTable();
writeFileSync(CHOOSING_PAGE, withTable(readFileSync(CHOOSING_PAGE, 'utf8'), table));
console.log(table);
