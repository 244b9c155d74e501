import { QuicStream } from '@currentspace/http3';

let muted = false;

/**
 * Has the library's streams end without a word when nobody listens to them. Data that is still on its way to a stream
 * that was reset begins it anew, and nobody is told of that one. When the peer then resets it too, the library emits an
 * error without a listener, which ends the process: any peer could bring it down.
 */
export function muteUnheardStreams(): void {
  if (muted) return;
  muted = true;
  const destroy = Reflect.get(QuicStream.prototype, '_destroy');
  QuicStream.prototype._destroy = function (this: QuicStream, error, callback) {
    destroy.call(this, this.listenerCount('error') > 0 ? error : null, callback);
  };
}
