import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { player } from './player.ts';

/*
 * `caught-player-main.ts PIPE`: a game that `lightspeed run` starts. It takes lines `NUMBER play IP PORT PAUSE_MS`, `NUMBER stop IP` and
 * `NUMBER report IP` from a named pipe, and prints `{"played":NUMBER,"said":...}` for each.
 */

for await (const line of createInterface(createReadStream(process.argv[2]))) {
  const [number, what, ip, port, pauseMs] = line.split(' ');
  const said =
    what === 'play'
      ? await player.play(ip, Number(port), undefined, Number(pauseMs))
      : what === 'stop'
        ? player.stop(ip)
        : player.report(ip);
  console.log(JSON.stringify({ played: Number(number), said: said ?? null }));
}
