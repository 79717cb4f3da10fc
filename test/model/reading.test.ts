import { readMessage, soughtIn } from '../../dev/model/planner/reading';

test.each([
  ['How readable is this text: Dogs bark.', 'How readable is this text', 'Dogs bark.'],
  ['Find outliers in this table:\na,b\n1,2', 'Find outliers in this table', 'a,b\n1,2'],
  ['Find outliers\na,b\n1,2', 'Find outliers', 'a,b\n1,2'],
  ['a,b\n1,2\nWhich are the outliers?', 'Which are the outliers?', 'a,b\n1,2'],
  ['Hi: how readable is this: Dogs bark.', 'Hi: how readable is this', 'Dogs bark.'],
  ['Format ```js\nlet a: b\n``` nicely', 'Format nicely', 'let a: b'],
  ['Count the words of "all is well"', 'Count the words of', 'all is well'],
  ['Translate this: "all is well"', 'Translate this', 'all is well'],
  [
    'How readable is this text? The cat sat on the mat.',
    'How readable is this text?',
    'The cat sat on the mat.',
  ],
  ['Check https://example.org/a at 12:30', 'Check https://example.org/a at 12:30', null],
  [
    'Here is a table:\na,b\n1,2\nWhat are its statistics?',
    'Here is a table What are its statistics?',
    'a,b\n1,2',
  ],
])('%j is read as what is asked and what it is asked about', (message, instruction, data) => {
  expect(readMessage(message)).toMatchObject({ instruction, data });
});

test('a pasted table is said to be one when the words do not say it', () => {
  expect(soughtIn(readMessage('Analyse this:\na,b\n1,2'))).toBe('Analyse this (CSV table)');
  expect(soughtIn(readMessage('Find outliers in this table:\na,b\n1,2'))).toBe('Find outliers in this table');
  expect(soughtIn(readMessage('How readable is this: Dogs bark, cats meow.'))).toBe('How readable is this');
});
