import { describe, expect, it } from 'vitest';
import { NodeNames } from '../src/page/node-names.ts';

const named = (name: string, nodeId?: string) => new NodeNames([{ name, nodeId }]).of(name);

describe('a node on the page', () => {
  it('is called by the host name that the player has given, else as it calls itself, and never by its address', () => {
    expect(named('relay.example.net:4433', 'fra-1')).toBe('relay.example.net');
    expect(named('8.8.4.10:4433', 'fra-1')).toBe('fra-1');
    expect(named('[2001:db8::1]:4433', 'fra-1')).toBe('fra-1');
    expect(named('8.8.4.10:4433')).toBe('the node');
    expect(named('8.8.4.10:4433', '')).toBe('the node');
  });

  it('cannot call itself direct', () => {
    expect(named('8.8.4.10:4433', 'direct')).toBe('the node');
    expect(named('direct')).toBe('direct');
  });

  it('is told from others of the same name by its address', () => {
    const names = new NodeNames([
      { name: '8.8.4.10:4433', nodeId: 'localhost' },
      { name: '8.8.4.20:4433', nodeId: 'localhost' },
    ]);
    expect(names.of('8.8.4.20:4433')).toBe('localhost at 8.8.4.20:4433');
  });

  it('of an earlier match is known by its address alone, if it is not used any more', () => {
    expect(new NodeNames([]).of('8.8.4.10:4433')).toBe('8.8.4.10:4433');
    expect(new NodeNames([]).of('relay.example.net:4433')).toBe('relay.example.net');
  });
});
