import { defineConfig } from 'vitepress'
import { rewriteLinks } from './links.ts'
import { referenceSidebar } from './reference-sidebar.ts'

const guide = (text: string, name: string) => ({ text, link: `/guides/${name}` })

export default defineConfig({
  title: 'Isthmus',
  description: 'One login session over many domains',
  lang: 'en',
  // GitHub and editors show these files, too: they read `README.md` where a site has `index.md`.
  rewrites: { 'deploy/README.md': 'deploy/index.md' },
  srcExclude: ['README.md'],
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: '/icon.svg', type: 'image/svg+xml' }]],
  markdown: { config: (markdown) => rewriteLinks(markdown) },
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/guides/front-ends' },
      { text: 'Reference', link: '/options' },
      { text: 'Compare', link: '/compare' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: [
          { text: 'Start in five minutes', link: '/start' },
          { text: 'How it works', link: '/concepts' },
          { text: 'How it compares', link: '/compare' },
        ],
      },
      {
        text: 'Pages',
        items: [
          guide('React, Vue, Svelte, Next.js', 'front-ends'),
          guide('Linking', 'linking'),
          guide('Subdomains', 'subdomains'),
          guide('Zones', 'zones'),
        ],
      },
      {
        text: 'Back ends',
        items: [
          guide('A site with a back end', 'site-with-a-back-end'),
          guide('Your framework', 'frameworks'),
          guide('Any language', 'any-language'),
          guide('Flask and Django', 'python'),
          guide('CodeIgniter 4', 'codeigniter'),
          guide('Laravel', 'laravel'),
        ],
      },
      {
        text: 'The hub',
        items: [
          guide('As a command', 'command'),
          { text: 'Deployment', link: '/deploy/' },
          { text: 'Security', link: '/project/security' },
          { text: 'Privacy', link: '/privacy' },
        ],
      },
      {
        text: 'When something fails',
        items: [guide('Findings, code by code', 'unknown'), { text: 'Browsers', link: '/browsers' }],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Every option', link: '/options' },
          { text: 'Protocol', link: '/project/protocol' },
          { text: 'Figures', link: '/performance' },
          { text: 'API', collapsed: true, items: referenceSidebar() },
        ],
      },
      {
        text: 'The project',
        items: [
          { text: 'Architecture', link: '/project/architecture' },
          { text: 'Contributing', link: '/project/contributing' },
          { text: 'Changes', link: '/project/changes' },
          { text: 'Dependencies', link: '/dependencies' },
        ],
      },
    ],
  },
})
