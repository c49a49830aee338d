<?php

declare(strict_types=1);

namespace Isthmus\Laravel;

use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Isthmus\Isthmus;
use Isthmus\Refusal;
use Throwable;

/** Takes the hub's logout tokens. End your own sessions in a listener of {@see SessionEnded}; if it throws, the hub tries again. */
class BackchannelLogout
{
    public function __invoke(
        Request $request,
        Isthmus $isthmus,
        Dispatcher $events,
        ExceptionHandler $failures,
    ): Response|JsonResponse {
        try {
            $token = $request->request->all()['logout_token'] ?? null;
            if (!is_string($token)) {
                throw new Refusal('invalid-request', 'The form holds no logout_token.');
            }
            $isthmus->receiveLogout($token, static fn (array $ended) => $events->dispatch(new SessionEnded(...$ended)));
        } catch (Refusal $refusal) {
            // Without the hub's keys nothing is wrong with the token: the hub tries again.
            return self::refuse($refusal->reason === 'unreachable' ? 503 : 400, $refusal->reason, $refusal->getMessage());
        } catch (Throwable $failure) {
            $failures->report($failure);
            return self::refuse(500, 'internal', 'The end of the session could not be stored.');
        }
        return new Response('', 200, ['Cache-Control' => 'no-store']);
    }

    private static function refuse(int $status, string $code, string $sentence): JsonResponse
    {
        $body = ['error' => 'invalid_request', 'error_description' => $sentence, 'code' => $code];
        return new JsonResponse($body, $status, ['Cache-Control' => 'no-store']);
    }
}
