import { localiseTimes } from './session/local-times';

// The one script of the page of an approval, which without it shows the same in UTC.
localiseTimes(document);
