import { describe, expect, it } from 'vitest';
import { ToldOnce } from '../src/ingress/socks/told-once.ts';

function told() {
  const texts: string[] = [];
  const once = new ToldOnce((text) => texts.push(text));
  return { once, texts };
}

describe('what SOCKS5 clients cause', () => {
  it('is told once, and counted in the end', () => {
    const { once, texts } = told();
    for (const text of ['a', 'b', 'a', 'a']) once.note(text);
    expect(texts).toEqual(['a', 'b']);
    once.end();
    expect(texts).toEqual(['a', 'b', '2 times more: a']);
    once.end();
    expect(texts).toHaveLength(3);
  });

  it('is told of 256 different things, and counted together beyond them', () => {
    const { once, texts } = told();
    for (let i = 0; i < 300; i++) once.note(`${i}`);
    once.note('0');
    expect(texts).toHaveLength(257);
    expect(texts.at(-1)).toContain('new ones are only counted');
    once.end();
    expect(texts.slice(257)).toEqual(['1 times more: 0', '44 more messages about SOCKS5 clients were only counted']);
  });
});
