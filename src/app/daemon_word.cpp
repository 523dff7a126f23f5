#include "daemon_word.hpp"

namespace spheregate::app {

checkup::DaemonWord askDaemon(const config::Config&) { return {}; }

}  // namespace spheregate::app
