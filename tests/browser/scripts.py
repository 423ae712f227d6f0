"""What runs in the page: JavaScript on JupyterLab's application object, `jupyterapp`."""

READY = """async () => {
    const until = async found => { while (!found()) await new Promise(go => setTimeout(go, 50)); };
    await until(() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel);
    const context = jupyterapp.shell.currentWidget.sessionContext;
    await context.ready;
    await context.session.kernel.info;
}"""

RUN = """async seconds => {
    await jupyterapp.commands.execute('notebook:run-all-cells');
    const model = jupyterapp.shell.currentWidget.content.model;
    const code = [...model.cells].filter(cell => cell.type === 'code' && cell.sharedModel.source.trim());
    const failed = () => code.filter(cell => !(cell.getMetadata('tags') || []).includes('raises-exception'))
        .flatMap(cell => cell.outputs.toJSON()).filter(each => each.output_type === 'error');
    const waiting = () => code.some(cell => cell.executionState === 'running' || !cell.executionCount);
    const end = performance.now() + seconds * 1000;
    while (waiting() && !failed().length && performance.now() < end)
        await new Promise(go => setTimeout(go, 50));
    return failed().map(each => `${each.ename}: ${each.evalue}`).concat(waiting() ? ['cells are left'] : []);
}"""

OPEN = """async path => {
    await jupyterapp.commands.execute('docmanager:open', {path});
    const shown = () => jupyterapp.shell.currentWidget;
    while (shown()?.context?.path !== path || !shown().content?.widgets?.length)
        await new Promise(go => setTimeout(go, 50));
}"""

CLOSE = """async () => {
    for (const each of [...jupyterapp.shell.widgets('main')]) each.dispose();
    await jupyterapp.serviceManager.sessions.shutdownAll();
}"""

LOOKS = """([theme, height, panel]) => document.body.dataset.jpThemeName === theme
    && Math.abs(document.querySelector(panel).clientHeight - height) < 250"""

HEIGHT = """panel => {
    const last = [...panel.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect();
    return Math.ceil(last.bottom - panel.getBoundingClientRect().top + panel.scrollTop);
}"""

OVERFLOW = """() => {
    const wide = [], within = '.jp-OutputArea-output, .jp-OutputArea-output *';
    const live = [...document.querySelectorAll('labkit-live')].filter(place => place.shadowRoot);
    const inside = live.flatMap(place => [...place.shadowRoot.querySelectorAll('*')]);
    for (const element of [...document.querySelectorAll(within), ...inside]) {
        if (element.closest('svg, input, .jupyter-widgets-output-area')) continue;
        const style = getComputedStyle(element);
        // What ends in dots is told in full elsewhere.
        const scrolls = ['auto', 'scroll'].includes(style.overflowX) || style.textOverflow === 'ellipsis';
        const hidden = style.display === 'inline' || element.clientWidth < 2;  // for screen readers
        if (!scrolls && !hidden && element.scrollWidth > element.clientWidth + 2)
            wide.push(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 60)}`);
    }
    return wide;
}"""
