import { once } from 'node:events';
import { CaptureError, connectNetwork, namespaceWords } from '@lightspeed/capture';
import { explained } from './capture.ts';
import { GameProcess } from './game-process.ts';

/**
 * A game in a network namespace of its own, which pasta connects: so its datagrams can be caught without rights. It waits for
 * its start.
 * @throws {ClientError} `ERR_CLIENT_CAPTURE` with what is missing, and what to do about it.
 */
export function prepareRootless(words: readonly string[]): Promise<GameProcess> {
  return explained(async () => {
    const game = await GameProcess.prepare(words, await namespaceWords());
    try {
      const { held } = game;
      if (held === undefined) throw new CaptureError('not_possible', 'the game has no connection');
      // It says that it is there.
      const isThere = await Promise.race([once(held, 'data').then(() => true), game.exited.then(() => false)]);
      if (!isThere) throw new CaptureError('not_possible', 'a program in namespaces of its own ends at once');
      await connectNetwork(game.pid, held);
      return game;
    } catch (error) {
      game.end();
      throw error;
    }
  });
}
