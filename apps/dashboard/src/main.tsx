import './look/mantine.ts';
import './look/look.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createHttp } from './server/http.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element "root"');
const server = {
  http: createHttp((input, init) => fetch(input, init)),
  openEvents: (path: string) => new EventSource(path),
};
createRoot(root).render(<App server={server} />);
