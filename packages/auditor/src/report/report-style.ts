/**
 * How the report looks: the colours of the web page, in the reader's theme, and wide tables that scroll by
 * themselves. Colours of plots differ in lightness as well, for those who see fewer of them.
 */
export const reportStyle: string = `:root{color-scheme:light dark;--ground:light-dark(#fdfdfb,#14181b);--raised:light-dark(#f1f4f5,#1f262b);
--text:light-dark(#1b2226,#e9eef0);--quiet:light-dark(#4d5a61,#a9b6bd);--line:light-dark(#b9c4ca,#45525a);
--good:light-dark(#1c6b39,#82d6a0);--warn:light-dark(#7a4b00,#f0c26e);--bad:light-dark(#a3221d,#ffa79f);
--bad-ground:light-dark(#fdebe9,#3a1a18);--c0:light-dark(#1f5fa8,#7fb6ef);--c1:light-dark(#d98a3d,#c4702a);--c2:light-dark(#2d8a4e,#4fc07a);
--c3:light-dark(#8a3fa0,#cf93e0);--c4:light-dark(#c2a300,#e6cf55);--c5:light-dark(#a3221d,#ff8d83);--c6:light-dark(#5b6a72,#9fb0b8)}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.8rem;line-height:1.2;margin:.2rem 0 1rem}h2{font-size:1.25rem;margin:2rem 0 .6rem}
h1.agree,td.agrees{color:var(--good)}h1.disagree,td.differs{color:var(--bad)}h1.incomplete,td.uncompared{color:var(--warn)}
.quiet{color:var(--quiet);font-size:.9rem}code{font-size:.9em;overflow-wrap:anywhere}
.findings{list-style:none;margin:0;padding:0}.findings li{border-left:.3rem solid var(--line);background:var(--raised);padding:.6rem .9rem;margin:0 0 .6rem;border-radius:.3rem}
.findings p{margin:.3rem 0 0}.findings.grave li{border-color:var(--bad);background:var(--bad-ground)}
.facts{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;margin:1.5rem 0}.facts dt{color:var(--quiet);font-size:.9rem}.facts dd{margin:0;font-weight:600}.facts .wide dd{font-weight:400}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.4rem .7rem .4rem 0;text-align:left;font-weight:400;vertical-align:top;white-space:nowrap}
thead th{color:var(--quiet);font-size:.9rem}tbody th{font-weight:600}tbody th span{display:block;font-weight:400}.number{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:0 0 2rem}figcaption{font-weight:600;margin-bottom:.5rem}.plot{display:grid;grid-template-columns:auto 1fr;gap:.5rem}
.scale{min-width:2.6rem;display:flex;flex-direction:column;justify-content:space-between;align-items:flex-end;font-size:.8rem;line-height:1;color:var(--quiet);font-variant-numeric:tabular-nums}
.plot svg{width:100%;height:clamp(7rem,22vw,11rem);border-bottom:1px solid var(--quiet);overflow:visible}.grid{stroke:var(--line);vector-effect:non-scaling-stroke}
polyline{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}.axis{display:flex;justify-content:space-between;gap:1rem;margin:.3rem 0;font-size:.8rem;color:var(--quiet)}
.keys{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.4rem 0 0;font-size:.9rem}.keys span{white-space:nowrap}.keys i{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:.15em}
.strip{display:grid;grid-template:"name runs said"/6rem 1fr 7.5rem;gap:0 .7rem;align-items:center;font-size:.9rem;margin-bottom:.4rem}
.strip b{grid-area:name;font-weight:400;overflow:hidden;text-overflow:ellipsis}.strip svg{grid-area:runs;width:100%;height:1.1rem}
.strip span{grid-area:said;color:var(--quiet);text-align:right;font-variant-numeric:tabular-nums}
@media (max-width:32rem){.strip{grid-template:"name said" "runs runs"/1fr auto;margin-bottom:.6rem}}
${['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6'].map((name) => `g.${name}{fill:var(--${name})}polyline.${name}{stroke:var(--${name})}i.${name}{background:var(--${name})}`).join('')}
${Object.entries({
  agrees: 'good',
  uncompared: 'warn',
  away: 'c6',
  differs: 'bad',
  unknown: 'raised',
})
  .map(
    ([name, colour]) => `rect.${name}{fill:var(--${colour})}i.${name}{background:var(--${colour})}`,
  )
  .join('')}`;
