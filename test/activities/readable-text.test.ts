import fc from 'fast-check';
import { growingContent } from '../../activities/orchestrator/readable-text';

test('an answer can be read while its JSON is still growing, and only ever grows', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (content) => {
      const json = JSON.stringify({ content });
      let last = '';
      for (let end = 0; end <= json.length; end += 1) {
        const read = growingContent(json.slice(0, end));
        expect(content.startsWith(read)).toBe(true);
        expect(read.startsWith(last)).toBe(true);
        last = read;
      }
      expect(last).toBe(content);
    }),
  );
});

test('what is no content yet reads as nothing', () => {
  for (const json of ['', '{', '{"con', '{"other":"x"', '[1]']) expect(growingContent(json)).toBe('');
});
