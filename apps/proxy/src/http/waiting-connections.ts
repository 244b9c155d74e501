import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps the connections of a server to a number. When one more comes, the one that has kept the server waiting for longest makes
 * room: whoever connects and says nothing cannot keep others out.
 *
 * @param most how many connections there may be at once.
 */
export function limitConnections(server: Server, most: number): void {
  /** In the order in which they began to wait for a request. */
  const waiting = new Set<Socket>();
  let open = 0;
  server.on('connection', (socket) => {
    if (open >= most) makeRoom(waiting, socket);
    open++;
    waiting.add(socket);
    socket.on('close', () => {
      open--;
      waiting.delete(socket);
    });
  });
  server.on('request', ({ socket }, response) => {
    waiting.delete(socket);
    response.on('close', () => {
      if (!socket.destroyed) waiting.add(socket);
    });
  });
}

/** If all are being answered, it is the new one that goes. */
function makeRoom(waiting: Set<Socket>, newcomer: Socket): void {
  const [oldest = newcomer] = waiting;
  waiting.delete(oldest);
  oldest.destroy();
}
