/** How figures come about, for the page of the documentation: what does not differ from run to run. */
export const METHOD = `## How it is measured

Reasons are in [ADR 21](adr/0021-comparable-benchmarks.md), the programs in [tools/bench](../tools/bench/README.md).

- **One load for all.** Each relay runs in a process of its own, on a core of its own if there are two. One load generator,
  on the other core, is client and game server of all of them; only what relays want in front of payloads differs. It sends at
  fixed times, whatever comes back (an open loop), and latency counts from the time at which a packet was due, so that a relay
  which holds the load up does not hide it. Each client has a steady pace of its own and a moment of its own in it, as
  independent players have; *in ticks* means that what is due within a millisecond is sent at once, as behind a game server's
  tick or a network card that collects; *in bursts* that a client sends several packets at a time, as a game does whose
  snapshot does not fit into one, or a node that passes them on to another.
- **In turns.** For each load the relays take turns in short windows, A B C, C B A. Ratios are those of one round, and their
  median is shown. Windows begin with a warm-up that does not count.
- **Lost** is what has no answer within 100 ms. *Added* latency is what the relay adds to the echo without a relay in the
  same round.
- **CPU** is user and system time of all threads of the relay's processes, out of \`/proc/PID/task/*/schedstat\`, divided by the
  round trips of that time. A round trip is two datagrams in and two out. What the kernel does for a datagram is charged to
  who sends it: over loopback the sender's call goes all the way into the receiver's socket.
- **Our node** is \`lightspeed-proxy serve\` as an operator runs it: clients register over QUIC with tickets, prove themselves, and
  every packet passes token, rates, duplicate window and destination policy. Rates are set higher than the load. Control
  connections are closed before the load comes. What they cost, keepalives included, is measured before, as the CPU
  time of the process with them less that without them, for each number of clients, and added.
- **As many clients as the load has** are at every relay, ours or not: relays are started for one number of clients and
  stopped before the next.
- **RSS** is the resident memory of the relay's processes. Nodes with very many sessions run with the two settings that
  [operating.md](operating.md) names for tens of thousands of clients; 50,000 registered ones count as idle when they have been
  saved once.

### What is unfair, and to whom

- **To everybody: loopback.** There is no network card, no driver, no interrupt. Relays that gain from those are not seen to.
- **To nginx, coturn and socat:** nothing of what else they can do is used.
- **To us:** the C relay, nginx and socat check nothing; they relay for whoever sends. Control connections are in our cost.
- **To coturn:** TURN knows permissions and lifetimes, and its header has 4 bytes where ours has 20. It runs without
  credentials, which concern allocations, not packets. Its own load tool keeps to no rate and counts no latencies, so the
  common generator speaks TURN to it.
- **To wireguard-go:** it encrypts, and its packets pass the kernel's routing and NAT as well. Counted is the process at the
  node; the one at the players' end runs on the same core and takes as much again, so it falls behind at half of its rate.
- **To C:** its egress sockets are not connected, as ours cannot be, since ours serve several game servers each. A connected
  socket saves the kernel a look-up.
- **To those with two workers:** they share their cores with the load generator, except where more workers are compared
  with one, each with its quota of the relays' core.
- **Buffers** are 4 MB wherever a relay can be told so and \`net.core.rmem_max\` allows it; coturn sets its own.`;
