import { holdAlone } from '../../db/alone';
import { createTestDatabase } from '../harness/database';

test('a second process on the same database is refused, and may start when the first has ended', async () => {
  const t = await createTestDatabase();
  const release = await holdAlone(t.url);
  await expect(holdAlone(t.url, 0)).rejects.toThrow('REDIS_URL');
  await release();
  const again = await holdAlone(t.url);
  await again();
  await t.drop();
});
