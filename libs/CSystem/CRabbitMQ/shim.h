#pragma once
#include <stdint.h>
#include <stddef.h>
#include <amqp.h>
#include <amqp_framing.h>
