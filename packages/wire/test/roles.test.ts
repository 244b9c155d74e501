import { describe, expectTypeOf, test } from 'vitest';
import type {
  AddressBook,
  AddressHandle,
  ArenaOffset,
  ByteLength,
  EgressId,
  FlowIndex,
  Microseconds,
  Milliseconds,
  PathNumber,
  Port,
  readSequence,
  readSourceIp,
  readSourcePort,
  RoleArray,
  SequenceNumber,
  SessionSlot,
  SessionToken,
  writeHeader,
} from '../src/index.ts';

/** Every role under its name. A number of one role must fit no other. */
interface Roles {
  readonly address: AddressHandle;
  readonly port: Port;
  readonly milliseconds: Milliseconds;
  readonly microseconds: Microseconds;
  readonly offset: ArenaOffset;
  readonly length: ByteLength;
  readonly sequence: SequenceNumber;
  readonly token: SessionToken;
  readonly egress: EgressId;
  readonly slot: SessionSlot;
  readonly flow: FlowIndex;
  readonly path: PathNumber;
}

/** The names of other roles that a role fits. */
type Confused = {
  [One in keyof Roles]: { [Other in Exclude<keyof Roles, One>]: Roles[One] extends Roles[Other] ? Other : never }[Exclude<
    keyof Roles,
    One
  >];
}[keyof Roles];

// The compiler judges these; nothing of them is there when the tests run.
describe('roles of numbers', () => {
  test('take every plain number, and are numbers', () => {
    expectTypeOf<number>().toExtend<Roles[keyof Roles]>();
    expectTypeOf<443>().toExtend<Port>();
    expectTypeOf<Roles[keyof Roles]>().toExtend<number>();
  });

  test('do not take a number of another role', () => {
    expectTypeOf<Port>().not.toExtend<AddressHandle>();
    expectTypeOf<Confused>().toEqualTypeOf<never>();
  });

  test('are what readers give and writers take', () => {
    expectTypeOf<typeof readSourceIp>().returns.toEqualTypeOf<AddressHandle>();
    expectTypeOf<typeof readSourcePort>().returns.toEqualTypeOf<Port>();
    expectTypeOf<typeof readSequence>().returns.toEqualTypeOf<SequenceNumber>();
    expectTypeOf<typeof writeHeader>().parameter(7).toEqualTypeOf<AddressHandle>();
    expectTypeOf<typeof writeHeader>().parameter(8).toEqualTypeOf<Port>();
    expectTypeOf<AddressBook['formatEndpoint']>().parameters.toEqualTypeOf<[handle: AddressHandle, port: Port]>();
  });

  test('are in tables that typed arrays are', () => {
    expectTypeOf<Int32Array>().toExtend<RoleArray<Port>>();
    expectTypeOf<RoleArray<Port>[number]>().not.toExtend<AddressHandle>();
  });
});
