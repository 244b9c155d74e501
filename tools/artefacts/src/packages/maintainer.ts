/** Who packages name as their maintainer. `invalid` is reserved: no address is public before the first release. */
export const MAINTAINER = 'LightSpeed contributors <contributors@lightspeed.invalid>';
