"""What is measured of the class's page: letters too small, parts cut off, text too faint; each a script."""

from __future__ import annotations

from typing import Any

ROOT = ".labkit-walkthrough"
SHADOW = "document.querySelector('labkit-live').shadowRoot"
SMALL = f"""() => {{
    const root = {SHADOW}.querySelector('{ROOT}'), found = new Set(), height = root.clientHeight;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {{
        const element = walker.currentNode.parentElement, style = getComputedStyle(element);
        if (!walker.currentNode.data.trim()) continue;
        if (element.closest('.labkit-said, .said, .empty, details, style')) continue;
        if (!element.checkVisibility() || element.closest('footer, select, .labkit-clock')) continue;
        let size = parseFloat(style.fontSize);
        size *= element.ownerSVGElement?.getScreenCTM().a ?? 1;
        const least = element.closest('.labkit-terminal, .terminal') ? 0.03 : 0.033;
        if (size < least * height - 0.05) found.add(`${{element.className || element.tagName}}: ${{size}}`);
    }}
    return [...found];
}}"""
CUT = f"""() => [...{SHADOW}.querySelectorAll(
    '.labkit-say, .labkit-asked, .labkit-question, .labkit-stage, .labkit-terminal, h2, th, td, li')]
    .filter(e => e.scrollWidth > e.clientWidth + 1
        || (e.scrollHeight > e.clientHeight + 1 && !e.matches('.labkit-stage'))
        || e.getBoundingClientRect().top > innerHeight)
    .map(e => e.className + ': ' + e.textContent.slice(0, 60))"""
FAINT = f"""() => {{
    const root = {SHADOW}.querySelector('{ROOT}'), found = new Set();
    const pen = document.createElement('canvas').getContext('2d', {{ willReadFrequently: true }});
    const parts = colour => {{  // color-mix() and named colours, too
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data].map((each, n) => n < 3 ? each : each / 255);
    }};
    const over = (top, alpha, under) => under.map((each, n) => top[n] * alpha + each * (1 - alpha));
    const ground = element => {{
        if (!element) return [255, 255, 255];
        const body = element.matches('.tile') && getComputedStyle(element.querySelector('.body')).fill;
        const colour = parts(body || getComputedStyle(element).backgroundColor);
        return over(colour, colour[3], ground(element.parentElement ?? element.getRootNode().host));
    }};
    const light = colour => colour.slice(0, 3).map(each => each / 255)
        .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, n) => sum + each * [0.2126, 0.7152, 0.0722][n], 0);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {{
        const element = walker.currentNode.parentElement, style = getComputedStyle(element);
        if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        if (element.closest('style, option')) continue;
        const ink = parts(element.closest('svg') ? style.fill : style.color), paper = ground(element);
        let alpha = ink[3];
        for (let each = element; each !== root; each = each.parentElement)
            alpha *= getComputedStyle(each).opacity;
        const [less, more] = [light(over(ink, alpha, paper)), light(paper)].sort((a, b) => a - b);
        const contrast = (more + 0.05) / (less + 0.05);
        if (contrast < 4.5) found.add(`${{element.className?.baseVal ?? element.className}} `
            + `${{element.textContent.slice(0, 30)}}: ${{contrast.toFixed(2)}}`);
    }}
    return [...found];
}}"""
CONTROLS = f"""() => [...{SHADOW}.querySelectorAll('footer, select, .labkit-clock')]
    .map(e => getComputedStyle(e).clipPath)"""
STILL = f"() => !{SHADOW}.querySelector('.picture[aria-busy=true]') && !{SHADOW}.getAnimations().length"


def faults(page: Any) -> list[str]:
    """Give what is too small, cut off or too faint on the page of a screen that stands still."""
    page.wait_for_function(STILL)
    return [fault for script in (SMALL, CUT, FAINT) for fault in page.evaluate(script)]
