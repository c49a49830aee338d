<?php

namespace Isthmus\Config;

use CodeIgniter\Config\BaseConfig;

/**
 * Every value may be set in .env (`isthmus.hub = "https://auth.example.com"`), or in a class `Config\Isthmus` of the
 * application that extends this one.
 */
class Isthmus extends BaseConfig
{
    /** Exact origin of the auth domain: "https://auth.example.com". */
    public string $hub = '';

    /** The id under which the hub knows this site. */
    public string $site = '';

    /** Which cookie is believed, as the pages are told: "cookie" or "endpoint". */
    public string $mirror = 'cookie';

    /** Where the hub's keys are fetched, if not at its public origin; "" for that one. */
    public string $jwks = '';

    /** The hub's keys, and without a store what ended: a folder that only PHP's user can write to. */
    public string $folder = WRITEPATH . 'isthmus';

    /** Where ended sessions are remembered by several machines: name of a class of yours that implements Isthmus\Store. */
    public string $store = '';
}
