import { PathLink } from './path-link.ts';

/** The links of a tunnel, one for each path, and which of them data goes by. */
export class TunnelLinks {
  /** By the number of the path. */
  readonly all: readonly PathLink[];
  /** The link by which data goes. */
  primary: PathLink;

  /** @param paths how many there are, at least 1 */
  constructor(paths: number) {
    this.all = Array.from({ length: paths }, (_, number) => new PathLink(number));
    this.primary = this.all[0];
  }

  /** The set of those that are up, as the path scheduler wants it. */
  get usable(): number {
    let usable = 0;
    for (let i = 0; i < this.all.length; i++) if (this.all[i].isUp) usable |= 1 << i;
    return usable;
  }
}
