import { link } from '../../namespaces/network.ts';
import type { Namespace } from '../../namespaces/network.ts';
import type { CaptureStage } from './stage.ts';

/** Where a LAN is laid out. */
type Home = Pick<CaptureStage, 'internet' | 'home'>;

/** A device of the LAN whose router is the box, and the interface of the box that it is at. */
export interface Lan {
  readonly device: Namespace;
  readonly lan: string;
}

/** The box has an interface for the LAN and one for the internet, and masquerades. */
export async function twoInterfaces({ internet, home }: Home): Promise<Lan> {
  const device = await internet.namespace();
  await link({ in: home.in, interface: 'lan0', address: '192.168.50.1/24' }, { in: device, interface: 'eth0', address: '192.168.50.2/24' });
  await device.ip('route add default via 192.168.50.1');
  await home.in.run(
    'nft',
    ['-f', '-'],
    'table ip nat { chain postrouting { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }; }',
  );
  return { device, lan: 'lan0' };
}

/** The box is one of the LAN's machines: its only interface leads to the devices and to the internet's router. */
export async function oneInterface({ internet, home }: Home): Promise<Lan> {
  const { router } = internet;
  const side = home.gateway;
  const network = side.split('.')[2];
  await router.ip('link add lan type bridge');
  await router.ip(`address del ${side}/24 dev net${network}`);
  await router.ip(`link set net${network} master lan`);
  await router.ip(`address add ${side}/24 dev lan`);
  await router.ip('link set lan up');
  const device = await internet.namespace();
  await link(
    { in: router, interface: 'port', address: '192.0.2.9/32' },
    { in: device, interface: 'eth0', address: `10.77.${network}.3/24` },
  );
  await router.ip('link set port master lan');
  await device.ip(`route add default via ${home.address}`);
  return { device, lan: 'eth0' };
}
