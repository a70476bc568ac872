import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

describe('Slots', () => {
  it('serves who stands in line before new work', async () => {
    const order: string[] = [];
    const slots = new Slots(1, () => order.push('new work'));
    await slots.take();
    const second = slots.take().then(() => order.push('second'));

    slots.release();
    await second;

    expect(order).toEqual(['second']);
    expect(slots.reserve()).toBe(0);
  });

  it('asks for new work once a place is free', () => {
    let asked = 0;
    const slots = new Slots(2, () => (asked += 1));
    expect(slots.reserve()).toBe(2);

    slots.release();

    expect(asked).toBe(1);
    expect(slots.reserve()).toBe(1);
  });

  it('does not ask again when a reservation found no work', () => {
    let asked = 0;
    const slots = new Slots(2, () => (asked += 1));

    slots.unreserve(slots.reserve());

    expect(asked).toBe(0);
    expect(slots.reserve()).toBe(2);
  });
});
