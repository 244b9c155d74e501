/**
 * What a number stands for, known to the compiler only. A plain number fits every role, so that literals and results of
 * arithmetic need no conversion. A number of one role does not fit another: swapped arguments do not compile.
 */
declare const role: unique symbol;

/** A number with a role. At run time it is the number itself. */
export type Role<Name extends string> = number & { readonly [role]?: Name };

/** An address as one int32: the bits of an IPv4 address, or an `AddressBook`'s handle of an IPv6 address. */
export type AddressHandle = Role<'address handle'>;

/** A UDP or TCP port, 0 to 65,535. */
export type Port = Role<'port'>;

/** A duration in milliseconds, or a clock's reading as an int32 that wraps. */
export type Milliseconds = Role<'milliseconds'>;

/** A duration in microseconds, or a clock's reading as an int32 that wraps. */
export type Microseconds = Role<'microseconds'>;

/** Where bytes start in the packet arena, or in the buffer that goes with the number. */
export type ArenaOffset = Role<'arena offset'>;

/** A length in bytes. */
export type ByteLength = Role<'byte length'>;

/** A packet's sequence number, 0 to 65,535. */
export type SequenceNumber = Role<'sequence number'>;

/** A session's token in the header, 0 to 255. */
export type SessionToken = Role<'session token'>;

/** The caller's number of a socket towards game servers. */
export type EgressId = Role<'egress id'>;

/** A session's place in a node's tables. */
export type SessionSlot = Role<'session slot'>;

/** A flow's place in its table. */
export type FlowIndex = Role<'flow index'>;

/** Which of a session's paths: a small number, from 0. */
export type PathNumber = Role<'path number'>;

/** A table of numbers of one role; every typed array of small integers is one. */
export interface RoleArray<T extends number> {
  readonly length: number;
  [index: number]: T;
}
