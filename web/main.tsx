import { createRoot } from 'react-dom/client';
import { App } from './app';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/controls.css';
import './styles/line.css';
import './styles/cards.css';
import './styles/prose.css';
import './styles/chat.css';
import './styles/money.css';
import './styles/pages.css';
import './styles/approve.css';
import './styles/tasks.css';
import './styles/narrow.css';
import './styles/preferences.css';

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
