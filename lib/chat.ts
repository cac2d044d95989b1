/**
 * Chat channels, through Amazon Q Developer in chat applications (formerly AWS Chatbot). A workspace or a tenant is
 * authorised once in its console; CloudFormation cannot do that.
 */
import {
  CfnMicrosoftTeamsChannelConfiguration,
  CfnSlackChannelConfiguration,
} from 'aws-cdk-lib/aws-chatbot';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  type ChatChannels,
  type ContactWord,
  contactWords,
} from '../domain/config/contacts-schema.ts';
import { functionName, type Scope } from '../domain/config/names.ts';

export interface ChatAudience {
  readonly word: ContactWord;
  readonly channels: ChatChannels;
  /** ARNs of what it shows. */
  readonly topics: readonly string[];
}

export class Chat extends Construct {
  constructor(scope: Construct, id: string, config: Scope, audiences: readonly ChatAudience[]) {
    super(scope, id);
    // A channel shows messages. Nobody in it runs a command through this: the role may do nothing, and the
    // guardrail, which is AdministratorAccess unless it is set, allows nothing besides.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('chatbot.amazonaws.com'),
      description: `Shows messages of ${config.name} ${config.environment} in chat, and may do nothing`,
    });
    const guardrail = `arn:${Aws.PARTITION}:iam::aws:policy/AWSDenyAll`;
    for (const { word, channels, topics } of audiences) {
      const shared = {
        iamRoleArn: role.roleArn,
        guardrailPolicies: [guardrail],
        snsTopicArns: [...topics],
        // What it cannot show it drops; this is the only place that says so.
        loggingLevel: 'ERROR',
        userRoleRequired: false,
      };
      const name = (client: string) => functionName(config, `${contactWords[word]}-${client}`);
      const { slack, teams } = channels;
      if (slack !== undefined) {
        new CfnSlackChannelConfiguration(this, `${word}Slack`, {
          ...shared,
          configurationName: name('slack'),
          slackWorkspaceId: slack.workspaceId,
          slackChannelId: slack.channelId,
        });
      }
      if (teams !== undefined) {
        new CfnMicrosoftTeamsChannelConfiguration(this, `${word}Teams`, {
          ...shared,
          configurationName: name('teams'),
          teamsTenantId: teams.tenantId,
          teamId: teams.teamId,
          teamsChannelId: teams.channelId,
        });
      }
    }
  }
}
