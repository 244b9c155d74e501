import { summarize, summaryText } from '@lightspeed/choice';
import { expect, test } from 'vitest';

const byNode = (savedMs: number | undefined) => ({ way: 'a:1', savedMs, isVetoed: false });
const direct = { way: 'direct', savedMs: 0, isVetoed: false };

test('a gain is told with its interval, over the matches that went by a node', () => {
  const matches = [direct, direct, ...[4, 5, 6, 4, 5, 6, 5].map(byNode)];

  expect(summarize(matches)).toMatchObject({ matches: 9, byNode: 7, proved: 7, savedMs: 5, intervalMs: [4, 6], harmed: 0 });
  expect(summaryText(summarize(matches))).toBe('9 matches: 7 by a node, 2 direct. By a node 5.0 ms saved (4.0 to 6.0 at 95 %, 7 matches).');
});

test.each([
  [[direct], '1 match: 0 by a node, 1 direct. No match by a node was measured.'],
  [[byNode(undefined)], '1 match: 1 by a node, 0 direct. No match by a node was measured.'],
  [
    [byNode(5), byNode(-1)],
    '2 matches: 2 by a node, 0 direct. 2 measured by a node are too few to say what is saved. 1 match was slower than direct.',
  ],
  [
    [-1, -2, -3, -4, -5, -6].map(byNode),
    '6 matches: 6 by a node, 0 direct. By a node 3.5 ms lost (1.0 to 6.0 at 95 %, 6 matches). 6 matches were slower than direct.',
  ],
  [
    [-1, 1, 2, 3, 4, 5].map(byNode),
    '6 matches: 6 by a node, 0 direct. By a node no clear gain, 2.5 ms (-1.0 to 5.0 at 95 %, 6 matches). 1 match was slower than direct.',
  ],
])('what is not sure is not told as a gain', (matches, text) => {
  expect(summaryText(summarize(matches))).toBe(text);
});
