/**
 * Loss is shown as a share of so many packets at least. Of fewer, one lost packet is more than half a per cent, and nothing
 * follows from it.
 */
export const MIN_PACKETS_TO_JUDGE = 200;

/** Packets of one direction, counted since some time. */
export interface PacketCounts {
  readonly expected: number;
  readonly received: number;
  readonly late: number;
  /** Those of lost packets that FEC has brought back. */
  readonly recovered: number;
  /** Packets with a game's payload, and parity packets, that were counted beside: only their ratio matters. */
  readonly data: number;
  readonly parity: number;
}

/** Counts of nothing. */
export const NO_PACKETS: PacketCounts = { expected: 0, received: 0, late: 0, recovered: 0, data: 0, parity: 0 };

/** How packets fared in one direction over a while. */
export interface DirectionLoss {
  /** How many should have come, and how many of them did not. */
  readonly expected: number;
  readonly lost: number;
  /** Of those expected, about so many that had a game's payload: the others were parity. */
  readonly payloads: number;
  /** Of the lost ones, those that FEC has brought back. */
  readonly recovered: number;
  /** Lost of those expected, 0 to 1; undefined while there are too few to judge. */
  readonly lossRatio: number | undefined;
  /**
   * The game's payloads that were lost and not brought back, likewise. It is an estimate where some of the packets carry only
   * redundancy, since nobody knows which of the lost ones did.
   */
  readonly unrepairedRatio: number | undefined;
  /** Loss over the time that `unrepairedRatio` is of, which is longer. */
  readonly longLossRatio: number | undefined;
  /** Standard error of that estimate, 0 to 1; 0 where every packet has a payload. */
  readonly unrepairedError: number | undefined;
  /** Those that came behind a later one, of those that came, likewise. */
  readonly lateRatio: number | undefined;
}

/** How packets fared between two counts. */
export function lossBetween(before: PacketCounts, now: PacketCounts): DirectionLoss {
  const of = (name: keyof PacketCounts) => Math.max(0, now[name] - before[name]);
  const [expected, received, recovered] = [of('expected'), of('received'), of('recovered')];
  // Packets that were only late make more come than were expected.
  const lost = Math.max(0, expected - received);
  const isEnough = expected >= MIN_PACKETS_TO_JUDGE;
  // Nobody misses a lost parity packet. Parity is lost as often as data, but how many were among the lost ones is up to chance.
  const data = of('data') + of('parity') === 0 ? 1 : of('data') / (of('data') + of('parity'));
  const unrepaired = data === 0 ? 0 : Math.max(0, lost * data - recovered) / (expected * data);
  const unrepairedError = data === 0 ? 0 : Math.sqrt(lost * data * (1 - data)) / (expected * data);
  return {
    expected,
    lost,
    payloads: Math.round(expected * data),
    recovered,
    lossRatio: isEnough ? lost / expected : undefined,
    unrepairedRatio: isEnough ? unrepaired : undefined,
    longLossRatio: isEnough ? lost / expected : undefined,
    unrepairedError: isEnough ? unrepairedError : undefined,
    lateRatio: received >= MIN_PACKETS_TO_JUDGE ? of('late') / received : undefined,
  };
}

/**
 * How packets fared lately: over the last `samples` counts, or over as many as it takes to judge. What protection has left is said
 * of all counts, since an estimate of few packets says nothing.
 * @param counts oldest first, the present one last.
 */
export function recentLoss(counts: readonly PacketCounts[], samples: number): DirectionLoss {
  const now = counts.at(-1) ?? NO_PACKETS;
  let from = Math.max(0, counts.length - 1 - samples);
  while (from > 0 && now.expected - counts[from].expected < MIN_PACKETS_TO_JUDGE) from--;
  const { unrepairedRatio, unrepairedError, longLossRatio } = lossBetween(counts.at(0) ?? now, now);
  return { ...lossBetween(counts.at(from) ?? now, now), unrepairedRatio, unrepairedError, longLossRatio };
}
