#pragma once

#include "daemon_user.hpp"
#include "spheregate/checkup/finding.hpp"
#include "spheregate/checkup/subject.hpp"

// Each looks at one thing and says what it found; at least one finding. They run in threads of their own, and touch nothing shared.
namespace spheregate::checkup {

// Those that open files do it as the daemon's user.
Findings lookAtFiles(const Subject& subject, const DaemonUser& user);
Findings lookAtServerCertificate(const Subject& subject, const DaemonUser& user);
Findings lookAtTenantCas(const Subject& subject);
Findings lookAtLists(const Subject& subject);
Findings lookAtRevocation(const Subject& subject);
Findings lookAtDisk(const Subject& subject, const DaemonUser& user);
Findings lookAtStore(const Subject& subject, const DaemonUser& user);

Findings lookAtClock(const Subject& subject);
Findings lookAtOwnName(const Subject& subject);
Findings lookAtPort(const Subject& subject);
Findings lookAtLimits(const Subject& subject);
Findings lookAtDaemon(const Subject& subject);
Findings lookAtRefusals(const Subject& subject);
Findings lookAtHub(const Subject& subject);

}  // namespace spheregate::checkup
