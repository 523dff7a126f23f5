"use strict";

async function show() {
  const uplink = document.getElementById("uplink");
  try {
    const answer = await fetch("status");
    if (!answer.ok) throw new Error(`status answered ${answer.status}`);
    const status = await answer.json();
    uplink.textContent = `${status.hub}: ${status.uplink.connected ? "connected" : "not connected"}, ` +
        `${status.devices_connected} devices connected, ${status.queue.queued} messages queued`;
  } catch (error) {
    uplink.textContent = `The gateway does not answer (${error.message}).`;
  }
}

show();
setInterval(show, 5000);
