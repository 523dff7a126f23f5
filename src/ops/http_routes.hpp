#pragma once

#include <memory>
#include <string_view>

#include "event_feed.hpp"
#include "http_reply.hpp"
#include "spheregate/ops/http_server.hpp"

namespace spheregate::ops {

// The path that is asked for, without the query.
std::string_view pathOf(const HttpRequest& request);

// What the server says to a well-formed request without a body, of somebody who may ask. `reasons`: he may also know why devices cannot be
// served.
HttpReply replyTo(const HttpRequest& request, const HttpSources& sources, const std::shared_ptr<EventFeed>& events, bool reasons);

}  // namespace spheregate::ops
