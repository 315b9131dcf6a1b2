// SPDX-License-Identifier: GPL-2.0
// A server on Node with allowHalfOpen: takes a request, asks an upstream, and
// answers with what that says.  Meanwhile its reader goes on, and tells the
// upstream if the client's end comes.  Takes: its port and the upstream's.
'use strict';
const net = require('net');
const [port, upstreamPort] = process.argv.slice(2).map(Number);

net.createServer({ allowHalfOpen: true }, (client) => {
	let upstream;

	client.on('data', () => {
		if (upstream)
			return;
		upstream = net.connect(upstreamPort, '127.0.0.1', () => upstream.write('work\n'));
		upstream.on('data', (answer) => client.end(answer));
	});
	client.on('end', () => upstream.write('gone\n'));
}).listen(port, '127.0.0.1');
