<?php

namespace Config;

use CodeIgniter\Config\BaseConfig;

/** Every value may be set in .env: isthmus.hub = "https://auth.example.com". */
class Isthmus extends BaseConfig
{
    /** Exact origin of the auth domain. */
    public string $hub = 'https://auth.example.com';

    /** The id under which the hub knows this site. */
    public string $site = 'shop';

    /** Which cookie is believed, as the pages are told: "cookie" or "endpoint". */
    public string $mirror = 'cookie';

    /** Where the hub's keys are fetched, if not at its public origin; "" for that one. */
    public string $jwks = '';

    /** Keys and ended sessions: a folder that only PHP's user can write to. Several machines: give Isthmus a Store. */
    public string $folder = WRITEPATH . 'isthmus';
}
