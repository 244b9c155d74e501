import { listenControl, connectControl, makeCertificate } from '@lightspeed/control/quic';
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
const certificate = await makeCertificate();
const threads = () => readdirSync('/proc/self/task').length;
const rss = () => (process.memoryUsage.rss()/1e6).toFixed(1);
const ls = [];
console.log(threads(), rss());
for (const host of ['127.0.0.1','127.0.0.2','127.0.0.3','::1', 'fe80::1%1', 'fe80::1', '2001:db8::1','127.0.0.1']) {
  const t=performance.now();
  try { const l = await listenControl({ bind: {host, port: 45433}, ...certificate, onConnection: ()=>{} }); ls.push(l);
  console.log(host, l.endpoint, threads(), rss(), (performance.now()-t).toFixed(1)); } catch (e) { console.log(host, e.message); }
}
for (const host of ['::1','127.0.0.2']) { const c = await connectControl({host, port: 45433, verify:{kind:'insecure'}}); console.log(c.peer, ls.map(l=>l.connections)); await c.close(); }
let t=performance.now(); for (let i=0;i<100;i++) networkInterfaces(); console.log('nif us', (performance.now()-t)*10);
for (const l of ls) await l.close(); console.log(threads());
