import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Interruption } from '../src/cli/interruption.ts';
import { Terminal } from '../src/cli/terminal.ts';
import { Running } from './support/command.ts';
import { EchoServer } from './support/game.ts';
import { TestNode } from './support/test-node.ts';

describe('the end of lightspeed play', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('says goodbye to the node on %s, with exit code 0', async (signal) => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('');
    const program = new Running(['play', '--open', '--node', node.name, '--game-server', `127.0.0.1:${server.address.port}`]);
    await program.printed('connected');
    program.signal(signal);
    expect(await program.ended()).toMatchObject({ code: 0, stderr: '' });
    expect(node.count('fins')).toBe(1);
  });

  it('is the same when Ctrl-C comes twice, from the terminal and from a package manager', async () => {
    await using node = await TestNode.start();
    const program = new Running(['play', '--open', '--node', node.name, '--game-server', '127.0.0.1:9']);
    await program.printed('connected');
    program.signal('SIGINT');
    program.signal('SIGINT');
    await program.printed('datagrams up');
    expect(await program.ended()).toMatchObject({ code: 0, stderr: '' });
    expect(node.count('fins')).toBe(1);
  });

  it('takes a signal for another one only when a second has passed', () => {
    let nowMs = 0;
    const killed: string[] = [];
    const interruption = new Interruption(new Terminal(), { nowMs: () => nowMs, kill: (signal) => killed.push(signal) });
    process.emit('SIGINT', 'SIGINT');
    nowMs = 999;
    process.emit('SIGINT', 'SIGINT');
    expect(interruption.signal.aborted).toBe(true);
    expect(killed).toEqual([]);
    nowMs = 1_000;
    process.emit('SIGINT', 'SIGINT');
    expect(killed).toEqual(['SIGINT']);
    expect(process.listeners('SIGINT')).toEqual([]);
  });

  it.each(['SIGHUP', 'SIGBREAK'] as const)('comes when a console of Windows is closed or interrupted: %s', (signal) => {
    const interruption = new Interruption(new Terminal());
    process.emit(signal, signal);
    expect(interruption.signal.aborted).toBe(true);
    interruption.release();
    expect(process.listeners(signal)).toEqual([]);
  });

  it('comes when the terminal is gone, on either stream', () => {
    for (const name of ['out', 'err']) {
      const streams = { out: new Writable({ write: () => undefined }), err: new Writable({ write: () => undefined }) };
      const terminal = new Terminal(streams.out as NodeJS.WriteStream, streams.err as NodeJS.WriteStream);
      const interruption = new Interruption(terminal);
      streams[name as 'out' | 'err'].emit('error', Object.assign(new Error('write EIO'), { code: 'EIO' }));
      expect(interruption.signal.aborted).toBe(true);
      interruption.release();
    }
  });
});
