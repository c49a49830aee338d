<?php

declare(strict_types=1);

namespace Isthmus\Laravel;

/** A session ended at the hub; where sid is null, all sessions of sub did. */
class SessionEnded
{
    public function __construct(public readonly ?string $sid, public readonly ?string $sub)
    {
    }
}
