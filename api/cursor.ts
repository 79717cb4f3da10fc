import { z } from 'zod';
import { MooringError } from '../domain/errors';

const Place = z.object({
  at: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-](0\d|1[0-4])(:\d\d)?$/)
    .refine((text) => !Number.isNaN(Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')))),
  id: z.string().regex(/^\w{1,40}$/),
});

/** A place in a list by time and id, the time as the database writes it. */
export type Place = z.infer<typeof Place>;

export const writeCursor = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

export function readCursor(cursor: string): Place {
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new MooringError('invalid_request', 'cursor: is not one of ours', {
      details: { field: 'cursor', rule: 'must be the next_cursor of an earlier page' },
      cause,
    });
  }
}
